// Starts oidc-provider, which others wrote and had certified, on the port given as first argument, and prints its issuer.
// Second argument: {redirectUri, clients: {id: algorithm of its ID tokens}, people: {email: {name, email_verified, groups}}}.
// It demands PKCE and the secret as Basic, names itself in the way back (RFC 9207), and keeps addresses and groups for
// userinfo. Its own pages let anybody in as anybody.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, given] = process.argv.slice(2);
const { redirectUri, clients, people } = JSON.parse(given);
const issuer = `http://127.0.0.1:${port}`;
const key = (kid, type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid, use: 'sig',
});
const provider = new Provider(issuer, {
  clients: Object.entries(clients).map(([id, algorithm]) => ({
    client_id: id,
    client_secret: `the-secret-of-${id}+/%`,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    id_token_signed_response_alg: algorithm,
  })),
  clientAuthMethods: ['client_secret_basic'],
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'HS256'] },
  jwks: { keys: [key('r', 'rsa', { modulusLength: 2048 }), key('e', 'ec', { namedCurve: 'P-256' })] },
  cookies: { keys: ['of-a-test'] },
  pkce: { required: () => true },
  scopes: ['openid', 'email', 'profile', 'groups'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, ...people[id] }),
  }),
  features: { devInteractions: { enabled: true } },
});
const server = provider.listen(Number(port), '127.0.0.1', () => console.log(issuer));
// The parent ends us by closing our standard input, also when it dies.
process.stdin.resume();
process.stdin.on('end', () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
});
