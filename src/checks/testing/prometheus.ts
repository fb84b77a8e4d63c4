import { startPrometheus, type TestPrometheus } from '../../testing/prometheus/index.ts';

export { noPrometheus, type TestPrometheus } from '../../testing/prometheus/index.ts';

/** A server that scrapes one target, twice a second. */
export const startTestPrometheus = (targetPort: number): Promise<TestPrometheus> =>
  startPrometheus({
    global: { scrape_interval: '500ms', scrape_timeout: '400ms' },
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [`127.0.0.1:${targetPort}`] }] }],
  });
