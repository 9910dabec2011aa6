/** An OpenID Connect issuer for tests: it knows one person, and confirms whatever it is told to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

export interface Issuer {
  address: string;
  /** Claims of the next ID token beside the usual ones. */
  claims: Record<string, unknown>;
  stop: () => Promise<void>;
}

export async function startIssuer(clientId: string): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  const nonces = new Map<string, string>();
  const issuer: Issuer = { address: '', claims: {}, stop: () => Promise.resolve() };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer.address);
    const json = (value: unknown): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    };
    if (url.pathname === '/.well-known/openid-configuration')
      json({
        issuer: issuer.address,
        authorization_endpoint: `${issuer.address}/authorize`,
        token_endpoint: `${issuer.address}/token`,
        jwks_uri: `${issuer.address}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      });
    else if (url.pathname === '/keys') json({ keys: [jwk] });
    else if (url.pathname === '/authorize') {
      const code = `code-${nonces.size}`;
      nonces.set(code, url.searchParams.get('nonce') ?? '');
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.searchParams.set('code', code);
      back.searchParams.set('state', url.searchParams.get('state') ?? '');
      response.writeHead(302, { location: back.href }).end();
    } else if (url.pathname === '/token') {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const nonce = nonces.get(new URLSearchParams(body).get('code') ?? '') ?? '';
        void new SignJWT({ nonce, ...issuer.claims })
          .setProtectedHeader({ alg: 'RS256', kid: 'one' })
          .setIssuer(issuer.address)
          .setAudience(clientId)
          .setSubject('person-1')
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(privateKey)
          .then((token) => {
            json({ access_token: 'a', token_type: 'Bearer', expires_in: 300, id_token: token });
          });
      });
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer.stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return issuer;
}
