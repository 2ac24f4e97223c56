// A web application's server with the certified library `openid-client`, unchanged.
//
// Settings: issuer, client_id, client_secret or jwk (private), redirect_uri, post_logout_redirect_uri, and which of the
// options `par`, `dpop` it uses.
//
// Prints {"address": …}, where the person's browser has to go; reads the address that the browser came back with; prints
// what came of it.

import { importJWK } from 'jose';
import * as client from 'openid-client';
import readline from 'node:readline';

const settings = JSON.parse(process.argv[2]);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (told) => console.log(JSON.stringify(told));

async function authentication() {
  if (settings.client_secret) return client.ClientSecretBasic(settings.client_secret);
  if (settings.jwk) return client.PrivateKeyJwt({ key: await importJWK(settings.jwk, 'ES256'), kid: settings.jwk.kid });
  return client.None();
}

const config = await client.discovery(new URL(settings.issuer), settings.client_id, undefined, await authentication(), {
  execute: [client.allowInsecureRequests],
});
const options = settings.dpop
  ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) } : undefined;
const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const asked = {
  redirect_uri: settings.redirect_uri,
  scope: 'openid profile phone offline_access',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
  max_age: '3600',
};
const address = settings.par
  ? await client.buildAuthorizationUrlWithPAR(config, asked) : client.buildAuthorizationUrl(config, asked);
say({ address: address.href });

const back = new URL((await lines.next()).value);
const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 3600 };
const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, options);
const claims = tokens.claims();
const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub, options);
const again = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
const me = await client.fetchProtectedResource(
  config, again.access_token, new URL('/api/gateway/v1/me', settings.issuer), 'GET', undefined, undefined, options);
const told = { claims, person, type: again.token_type, me: await me.json() };
if (settings.client_secret || settings.jwk) {
  told.before = (await client.tokenIntrospection(config, again.access_token)).active;
}
await client.tokenRevocation(config, again.refresh_token);
if (settings.client_secret || settings.jwk) {
  told.after = (await client.tokenIntrospection(config, again.access_token)).active;
}
const left = await fetch(client.buildEndSessionUrl(config, {
  id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.post_logout_redirect_uri, state: 'left',
}), { redirect: 'manual' });
say({ ...told, left: left.headers.get('location') });
