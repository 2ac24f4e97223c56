// A native application with the OpenID Foundation's AppAuth, unchanged: it opens the person's browser by the system's
// opener and waits for it at a port of its own.
//
// Settings: issuer, client_id, redirect_uri (where it listens). Prints {"waiting": true}, then what came of it.

import { registerHooks } from 'node:module';

const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);
console.log = console.error; // the package tells its story there

// The package leaves the endings of its own files to a bundler; here Node.js is told.
registerHooks({
  resolve: (name, context, next) => {
    const own = name.startsWith('.') && context.parentURL?.includes('/@openid/appauth/');
    return next(own && !name.endsWith('.js') ? `${name}.js` : name, context);
  },
});
const built = '@openid/appauth/built/src';
const appauth = await import('@openid/appauth');
const { NodeBasedHandler } = await import(`${built}/node_support/node_request_handler.js`);
const { NodeCrypto } = await import(`${built}/node_support/crypto_utils.js`);
const { NodeRequestor } = await import(`${built}/node_support/node_requestor.js`);

const settings = JSON.parse(process.argv[2]);
const requestor = new NodeRequestor();
const configuration = await appauth.AuthorizationServiceConfiguration.fetchFromIssuer(settings.issuer, requestor);
const request = new appauth.AuthorizationRequest({
  client_id: settings.client_id,
  redirect_uri: settings.redirect_uri,
  scope: 'openid profile offline_access',
  response_type: appauth.AuthorizationRequest.RESPONSE_TYPE_CODE,
}, new NodeCrypto());
const handler = new NodeBasedHandler(Number(new URL(settings.redirect_uri).port));
const notifier = new appauth.AuthorizationNotifier();
handler.setAuthorizationNotifier(notifier);
say({ waiting: true });
const code = await new Promise((resolve, reject) => {
  notifier.setAuthorizationListener((_asked, answer, error) => (error ? reject(error) : resolve(answer.code)));
  handler.performAuthorizationRequest(configuration, request);
});
const tokens = new appauth.BaseTokenRequestHandler(requestor);
const exchange = (more) => tokens.performTokenRequest(configuration, new appauth.TokenRequest({
  client_id: settings.client_id, redirect_uri: settings.redirect_uri, ...more,
}));
const first = await exchange({
  grant_type: appauth.GRANT_TYPE_AUTHORIZATION_CODE, code, extras: { code_verifier: request.internal.code_verifier },
});
const second = await exchange({ grant_type: appauth.GRANT_TYPE_REFRESH_TOKEN, refresh_token: first.refreshToken });
say({ access_token: second.accessToken, another: second.accessToken !== first.accessToken });
