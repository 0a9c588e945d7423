// panva's oidc-provider, in memory and on loopback: node oidc_provider_server.mjs FOLDER_OF_NODE_MODULES PUBLIC_KEY.pem
// The first line on stdout is its own URL; each further line is JSON: an error that it answered with, and the true cause
// (`detail`) that its answers keep to themselves. Clients: private_key_jwt, a secret in the header or in the body, and a
// public one that uses the code grant with PKCE; two that must prove possession of a key (DPoP), whose nonces are left out
// with DPOP_NONCES=none. The one user is logged in and consents without a page.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [folder, keyFile] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(createRequire(`${folder}/`).resolve('oidc-provider')));
const key = { ...createPublicKey(readFileSync(keyFile)).export({ format: 'jwk' }), kid: 'registered', use: 'sig', alg: 'RS256' };
const secret = 'right-secret-of-twenty-characters';
const machine = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] };

const listener = createServer();
await new Promise((bound) => listener.listen(0, '127.0.0.1', bound));
const issuer = `http://127.0.0.1:${listener.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    { client_id: 'assertion-client', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] }, ...machine },
    { client_id: 'bound-client', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] },
      dpop_bound_access_tokens: true, ...machine },
    { client_id: 'bound-post-client', client_secret: secret, token_endpoint_auth_method: 'client_secret_post',
      dpop_bound_access_tokens: true, ...machine },
    { client_id: 'basic-client', client_secret: secret, token_endpoint_auth_method: 'client_secret_basic', ...machine },
    { client_id: 'post-client', client_secret: secret, token_endpoint_auth_method: 'client_secret_post', ...machine },
    { client_id: 'web-client', client_secret: secret, token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: ['http://127.0.0.1:1717/callback'], application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] },
    { client_id: 'device-client', token_endpoint_auth_method: 'none', redirect_uris: [], response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] },
    { client_id: 'code-client', token_endpoint_auth_method: 'none', application_type: 'native',
      redirect_uris: ['http://127.0.0.1:1717/callback'], grant_types: ['authorization_code'], response_types: ['code'] },
  ],
  routes: { authorization: '/authorize' },
  features: {
    clientCredentials: { enabled: true }, devInteractions: { enabled: false }, deviceFlow: { enabled: true },
    introspection: { enabled: true }, revocation: { enabled: true },
    dPoP: process.env.DPOP_NONCES === 'none' ? { enabled: true }
      : { enabled: true, nonceSecret: Buffer.alloc(32, 'of the tests'), requireNonce: () => true },
  },
  issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
  pkce: { required: () => true },
  cookies: { keys: ['of the tests'] },
  interactions: { url: (_context, interaction) => `/person/${interaction.uid}` },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});

provider.use(async (context, next) => {
  if (!context.path.startsWith('/person/')) return next();
  const { prompt, session, params } = await provider.interactionDetails(context.req, context.res);
  const answer = {};
  if (prompt.name === 'login') {
    answer.login = { accountId: 'user' };
  } else {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    answer.consent = { grantId: await grant.save() };
  }
  return provider.interactionFinished(context.req, context.res, answer, { mergeWithLastSubmission: true });
});

for (const event of ['grant.error', 'authorization.error', 'server_error']) {
  provider.on(event, (_context, problem) => console.log(JSON.stringify({
    error: problem.error, description: problem.error_description, detail: problem.error_detail ?? problem.message,
  })));
}
listener.on('request', provider.callback());
console.log(issuer);
