// The certified `oidc-provider`, unchanged, as another's identity provider: the province's, or one in our own place.
//
// Settings:
//   clients    registered clients, in the words of RFC 7591
//   people     {subject: {password?, acr?, amr?, …claims}}; who signs in types the subject
//   jwks       private keys that sign; the provider's own for development when absent
//   claims     {scope: [claim, …]} beside `openid`
//   acr        levels that the provider knows
//   resource   {identifier, scope, format: "jwt" | "opaque", algorithm, lifetime, claims: {subject: {…}}} of access
//              tokens for an API; for opaque ones the provider answers introspection, which tells these claims, too
//
// Prints {"issuer": …}. POST /test/keys replaces the keys.

import http from 'node:http';

import Provider from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);
const scopes = { openid: ['sub', 'amr'], ...settings.claims };
const people = settings.people ?? {};

const findAccount = (_ctx, id) => people[id] && {
  accountId: id,
  claims: () => {
    const { acr, amr, ...claims } = people[id];
    return { sub: id, ...claims };
  },
};

// Everybody lets every client have what it asks for: consent is not what is tested here.
async function loadExistingGrant(ctx) {
  const { client, session, params, resourceServers } = ctx.oidc;
  const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope ?? 'openid');
  for (const [identifier, server] of Object.entries(resourceServers ?? {})) {
    grant.addResourceScope(identifier, server.scope);
  }
  await grant.save();
  return grant;
}

const { resource } = settings;
const resourceIndicators = resource && {
  enabled: true,
  defaultResource: () => resource.identifier,
  useGrantedResource: () => true,
  getResourceServerInfo: () => ({
    scope: resource.scope,
    audience: resource.identifier,
    accessTokenFormat: resource.format,
    accessTokenTTL: resource.lifetime ?? 600,
    jwt: { sign: { alg: resource.algorithm } },
  }),
};

const configuration = () => ({
  clients: settings.clients,
  jwks: settings.jwks,
  acrValues: settings.acr ?? [],
  claims: scopes,
  scopes: [...Object.keys(scopes), 'offline_access'],
  conformIdTokenClaims: settings.userinfo ?? false,
  findAccount,
  loadExistingGrant,
  extraTokenClaims: (_ctx, token) => resource?.claims?.[token.accountId ?? token.clientId],
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  fetch: (url, { dispatcher, ...options }) => fetch(url, options), // tests are on the loopback, where it would not call
  cookies: { keys: ['a key of a test'] },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: () => true },
    clientCredentials: { enabled: true },
    ...(resourceIndicators && { resourceIndicators }),
  },
  enabledJWA: {
    idTokenSigningAlgValues: ['RS256', 'ES256', 'PS256'],
    clientAuthSigningAlgValues: ['ES256', 'RS256', 'PS256'],
  },
  clientDefaults: { id_token_signed_response_alg: settings.algorithm ?? 'RS256' },
});

let provider;

const page = (uid) => `<!doctype html><form method="post" action="/interaction/${uid}">
<input type="hidden" name="uid" value="${uid}"><input name="login"><button name="go">Sign in</button></form>`;

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    return response.end(page(details.uid));
  }
  const form = new URLSearchParams(await bodyOf(request));
  const login = form.get('login');
  if (!login || !people[login]) {
    const result = { error: 'access_denied', error_description: 'the person declined' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const { acr, amr } = people[login];
  return provider.interactionFinished(request, response, { login: { accountId: login, acr, amr } });
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

const server = http.createServer(async (request, response) => {
  if (request.url.startsWith('/interaction/')) return interact(request, response);
  if (request.url === '/test/keys') {
    settings.jwks = JSON.parse(await bodyOf(request));
    open();
    return response.end();
  }
  return provider.callback()(request, response);
});

function open() {
  provider = new Provider(`http://127.0.0.1:${server.address().port}`, configuration());
  provider.on('server_error', (_ctx, error) => console.error(error));
  provider.on('backchannel.error', (_ctx, error) => console.error(error));
}

server.listen(settings.port ?? 0, '127.0.0.1', () => {
  open();
  console.log(JSON.stringify({ issuer: provider.issuer }));
});
process.stdin.resume().on('end', () => process.exit());
