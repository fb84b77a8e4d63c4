import { QueryClient } from '@tanstack/react-query';
import { ApiError, isOffline } from './api.ts';

/** What was read, kept, and read anew when an event says that it has changed. */
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Events say when something changes; this is for what none is sent for.
      staleTime: 20_000,
      refetchInterval: 60_000,
      // The server is often this machine, whatever the browser thinks of the network.
      networkMode: 'always',
      retry: (failures, error) => isOffline(error) && failures < 3,
      retryDelay: 500,
    },
    mutations: { networkMode: 'always', retry: false },
  },
});

client.getQueryCache().subscribe(({ type, query }) => {
  if (type !== 'updated' || query.queryKey[0] === 'session') return;
  const { error } = query.state;
  // The session has ended: the door is shown.
  if (error instanceof ApiError && error.status === 401) void client.invalidateQueries({ queryKey: ['session'] });
});
