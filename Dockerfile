# syntax=docker/dockerfile:1
# The shop in production: the code as it is (Node strips the types), its runtime packages, and nothing else. What is for
# trying things out (development tools, the embedded PostgreSQL, npm's own Node) is left out; scripts of packages do not run.

FROM node:24.21.0-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-slim
# What a password's hash works in, 19 MiB, goes back to the system after each one, and is not kept by every thread.
ENV NODE_ENV=production MALLOC_MMAP_THRESHOLD_=1048576
WORKDIR /app
# What the spool keeps while the database is away belongs on a volume that lasts; a fresh one takes this folder's owner.
RUN install -d -o node -g node -m 0700 /var/lib/holdfast
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY src ./src
# The operators' page shows it.
COPY docs/runbook.md ./docs/runbook.md
USER node
EXPOSE 3000 3001
# Only whether the process lives: readiness is for whoever sends it traffic, and a dependency that is down is no reason to restart.
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm: the program itself is what gets SIGTERM.
CMD ["node", "--max-semi-space-size=16", "src/main.ts"]
