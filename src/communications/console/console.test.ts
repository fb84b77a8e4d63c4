import { notifierSuite, type Received } from '../notifier.suite.ts';
import { consoleNotifier } from './index.ts';

notifierSuite('console', {
  kind: consoleNotifier,
  alwaysTakes: 'whoever sits there sees it',
  make: async () => {
    const received: Received[] = [];
    return {
      settings: {},
      secrets: [],
      received,
      say: (line) => void received.push({ text: line }),
      behave: async () => {},
      destroy: async () => {},
    };
  },
});
