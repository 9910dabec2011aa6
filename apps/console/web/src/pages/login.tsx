/** Who asks? */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, ApiError } from '../api.ts';
import { fieldText } from '../format.ts';

export function Login({ oidc }: { readonly oidc: boolean }) {
  const queries = useQueryClient();
  const [wrong, setWrong] = useState('');
  const logIn = async (token: string): Promise<void> => {
    try {
      await answered('/api/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token }),
      });
      setWrong('');
      await queries.invalidateQueries();
    } catch (error) {
      setWrong(error instanceof ApiError ? error.message : String(error));
    }
  };
  return (
    <main className="login">
      <h1>Sessionreel</h1>
      {oidc && (
        <p>
          <a className="button" href="/api/login/oidc">
            Log in
          </a>
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void logIn(fieldText(event.currentTarget, 'token'));
        }}
      >
        <label>
          {oidc ? 'Or with a token' : 'Token'}
          <input name="token" type="password" autoComplete="off" required aria-describedby="wrong" />
        </label>
        <button type="submit">Go on</button>
        <p id="wrong" role="alert">
          {wrong}
        </p>
      </form>
    </main>
  );
}
