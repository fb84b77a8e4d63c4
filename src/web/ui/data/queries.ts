import { useEffect } from 'react';
import {
  keepPreviousData,
  useMutation,
  useQuery,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import type {
  AccountList,
  DrillList,
  Evidence,
  KeyList,
  OperationList,
  Plan,
  PointList,
  PointQuery,
  ReachList,
  Readiness,
  Restore,
  RestoreList,
  Role,
  Run,
  RunList,
  RunSummary,
  Session,
  StoreList,
  TokenList,
} from '../../../api/contract/index.ts';
import { isAtLeast } from '../../../api/contract/words.ts';
import { api, isOffline, type ApiError } from './api.ts';
import { client } from './client.ts';
import { serverSays } from './clock.ts';
import { isOpen, underWay } from './under-way.ts';

/** What is under way is asked for so often although events tell of it: the last word must not be missed. */
const busyMs = 5_000;
const idleMs = 60_000;

const renewingMs = 1_000;

/** The server asks its stores anew while it gives what it knew: that is fetched when it is there. */
export const untilRenewed = ({
  state,
}: {
  readonly state: { readonly data?: { readonly renewing: boolean } | undefined };
}): number => (state.data?.renewing === true ? renewingMs : idleMs);

type Answer<T> = UseQueryResult<T, ApiError>;

const useRead = <T>(key: readonly string[], ask: (signal: AbortSignal) => Promise<T>): Answer<T> =>
  useQuery<T, ApiError>({ queryKey: key, queryFn: ({ signal }) => ask(signal) });

/** Who is signed in. */
export const useSession = (): Answer<Session> =>
  useRead(['session'], async (signal) => {
    const session = await api.session.get(signal);
    if (session.signedIn) serverSays(Date.parse(session.at));
    return session;
  });

/** Whether who is signed in may what a role may. The server decides; this spares people buttons that it would refuse. */
export function useMay(needed: Role): boolean {
  const { data } = useSession();
  return data?.signedIn === true && isAtLeast(data.me.role, needed);
}

export const useReadiness = (): Answer<Readiness> =>
  useQuery<Readiness, ApiError>({
    queryKey: ['readiness'],
    queryFn: ({ signal }) => api.readiness(signal),
    refetchInterval: untilRenewed,
  });
export const useOperations = (): Answer<OperationList> => useRead(['operations'], api.operations.list);
export const usePlan = (): Answer<Plan> => useRead(['plan'], api.plan);
export const useDrills = (): Answer<DrillList> => useRead(['drills'], (signal) => api.drills.list({}, signal));
export const useStores = (): Answer<StoreList> =>
  useQuery<StoreList, ApiError>({
    queryKey: ['stores'],
    queryFn: ({ signal }) => api.stores(signal),
    refetchInterval: untilRenewed,
  });
export const useKeys = (): Answer<KeyList> => useRead(['keys'], api.keys);
export const useAccounts = (): Answer<AccountList> => useRead(['accounts'], api.accounts.list);
export const useTokens = (): Answer<TokenList> => useRead(['tokens'], api.tokens.list);
export const useReach = (): Answer<ReachList> =>
  useQuery<ReachList, ApiError>({
    queryKey: ['reach'],
    queryFn: ({ signal }) => api.points.reach(signal),
    refetchInterval: untilRenewed,
  });
/** Where a screen shows two answers made of one view, the one of an earlier moment is asked for again: they would contradict each other. */
export function useAsNewAs(key: string, atOfIt: string, at: string | undefined): void {
  useEffect(() => {
    if (at !== undefined && atOfIt < at) void client.invalidateQueries({ queryKey: [key] });
  }, [key, atOfIt, at]);
}
export const useRestores = (): Answer<RestoreList> => useRead(['restores'], api.restores.list);
export const useRestore = (id: string): Answer<Restore> =>
  useQuery<Restore, ApiError>({
    queryKey: ['restore', id],
    queryFn: () => api.restores.get(id),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? busyMs : false),
  });
export const useRun = (id: string): Answer<Run> =>
  useQuery<Run, ApiError>({
    queryKey: ['run', id],
    queryFn: ({ signal }) => api.runs.get(id, signal),
    // One that was just begun has its first record in a moment.
    retry: (failures, error) => (isOffline(error) && failures < 3) || (error.status === 404 && failures < 6),
    refetchInterval: ({ state }) => (state.data !== undefined && isOpen(state.data.verdict) ? busyMs : idleMs),
  });
export const useEvidence = (run: string): Answer<Evidence> => useRead(['evidence', run], () => api.drills.report(run));

/** What is under way, or failed for real: also behind however many drills. */
export function useUnderWay(): Pick<Answer<RunList>, 'isError' | 'dataUpdatedAt'> & { runs: readonly RunSummary[] } {
  const newest = useRuns(underWayLooked);
  const real = useQuery<RunList, ApiError>({
    queryKey: ['runs', 'real'],
    queryFn: ({ signal }) => api.runs.list({ mode: 'real', limit: underWayLooked }, signal),
  });
  return {
    runs: underWay(real.data?.runs ?? [], newest.data?.runs ?? []),
    isError: newest.isError || real.isError,
    dataUpdatedAt: Math.min(newest.dataUpdatedAt, real.dataUpdatedAt),
  };
}

const underWayLooked = 50;

export const useRuns = (limit: number): Answer<RunList> =>
  useQuery<RunList, ApiError>({
    queryKey: ['runs', String(limit)],
    queryFn: ({ signal }) => api.runs.list({ limit }, signal),
    placeholderData: keepPreviousData,
  });

export const usePoints = (question: PointQuery, enabled = true): Answer<PointList> =>
  useQuery<PointList, ApiError>({
    queryKey: ['points', JSON.stringify(question)],
    queryFn: ({ signal }) => api.points.list(question, signal),
    placeholderData: keepPreviousData,
    refetchInterval: untilRenewed,
    enabled,
  });

/** A change: done once, and what it touches is read again. */
export const useChange = <In, Out>(
  work: (input: In) => Promise<Out>,
  ...touches: readonly (readonly string[])[]
): UseMutationResult<Out, ApiError, In> =>
  useMutation<Out, ApiError, In>({
    mutationFn: work,
    onSettled: () => {
      for (const queryKey of touches) void client.invalidateQueries({ queryKey });
    },
  });
