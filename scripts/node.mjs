// The launcher: every npm script starts with it, on whatever Node the machine has.
// It installs what is missing, finds a Node that the code can run on, and prints that binary's path as the only line
// on stdout; the script then execs it, so that signals and exit codes belong to the program and not to a wrapper.
// Everything for people goes to stderr. Plain JavaScript without dependencies: it runs before there are any.
// No optional chaining or newer syntax in this file, so that an old Node can still say what is wrong.

const oldest = 18

const major = Number(process.versions.node.split(".")[0])
if (major < oldest) {
  process.stderr.write(
    "Holdfast needs Node " +
      oldest +
      " or newer to start (this is " +
      process.version +
      "): install one from nodejs.org.\n"
  )
  process.exitCode = 1
} else {
  import("./launcher/launch.mjs")
    .then((launcher) => launcher.launch())
    .catch((error) => {
      process.stderr.write((error && error.sentence ? error.sentence : String((error && error.stack) || error)) + "\n")
      process.exitCode = 1
    })
}
