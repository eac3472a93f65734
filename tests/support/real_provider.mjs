// A certified OpenID provider (node-oidc-provider) on the loopback address. Run in web/, where its package is; what it
// shall be comes as JSON in REAL_PROVIDER: clients, people by their login, whether the ID token tells all by itself.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";
import { exportJWK, generateKeyPair } from "jose";

const told = JSON.parse(process.env.REAL_PROVIDER);
const keys = [];
for (const alg of told.algorithms) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  keys.push({ ...(await exportJWK(privateKey)), alg, use: "sig", kid: alg });
}
const server = createServer().listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: told.clients,
    jwks: { keys },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: told.thin,
    cookies: { keys: ["of a test"] },
    enabledJWA: { idTokenSigningAlgValues: told.algorithms },
    findAccount: (_context, login) =>
      told.people[login] && { accountId: login, claims: () => ({ sub: login, ...told.people[login] }) },
    features: { devInteractions: { enabled: true } },
  });
  server.on("request", provider.callback());
  console.log(`listens at ${issuer}`);
});
