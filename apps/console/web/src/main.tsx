import './language.ts';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api.ts';
import { App } from './app.tsx';
import './styles.css';

/** What is wrong with a question stays wrong; what the server cannot do now may go better soon. */
const retry = (tries: number, error: unknown): boolean =>
  tries < 3 &&
  error instanceof ApiError &&
  (error.status === 0 || error.status === 429 || error.status >= 503);

const queries = new QueryClient({
  defaultOptions: { queries: { retry, staleTime: 10_000, refetchOnWindowFocus: false, gcTime: 60_000 } },
});

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
