/**
 * The sandbox's credentials. They open nothing but a sandbox on this machine, so they are no secrets: they are fixed,
 * so that an example in the documentation can be pasted.
 */
export const sandboxSecretKey = "sk_test_holdfast_sandbox"
export const sandboxWebhookSecret = "whsec_holdfast_sandbox"
export const sandboxEmailKey = "re_holdfast_sandbox"
export const sandboxEmailFrom = "shop@holdfast.example"
