import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, Unreachable } from "../api/client";
import { keys } from "../api/keys";

const retries = 3;

/** The cache of everything the server told. `onSessionEnd` is called when any answer says that nobody is logged in. */
export function newCache(onSessionEnd: () => void): QueryClient {
  const check = (error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 401) return;
    cache.removeQueries({ queryKey: keys.me });
    onSessionEnd();
  };
  const cache: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        // The router asks this one itself and shows the log-in.
        if (query.queryKey[0] !== keys.me[0]) check(error);
      },
    }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) => {
        if (mutation.options.mutationKey?.[0] !== "login") check(error);
      },
    }),
    defaultOptions: {
      queries: {
        // What the server explained will not change by asking again; what did not reach it may.
        retry: (failed, error) => error instanceof Unreachable && failed < retries,
        retryDelay: (attempt) => Math.min(8000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2),
        refetchOnWindowFocus: false,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
  return cache;
}
