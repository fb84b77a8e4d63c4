/** Cuts streams of output into lines; a line without an end is given at the end, an endless one every 8 KiB. */
export function lineSplitter(give: (line: string) => void): {
  push(piece: Buffer, from: string): void;
  end(): void;
} {
  const charactersMax = 8192;
  const open = new Map<string, { text: string; decoder: InstanceType<typeof TextDecoder> }>();
  return {
    push: (piece, from) => {
      const stream = open.get(from) ?? { text: '', decoder: new TextDecoder() };
      const lines = (stream.text + stream.decoder.decode(piece, { stream: true })).split('\n');
      let rest = lines.pop() ?? '';
      for (const line of lines) give(line);
      while (rest.length > charactersMax) {
        give(rest.slice(0, charactersMax));
        rest = rest.slice(charactersMax);
      }
      open.set(from, { text: rest, decoder: stream.decoder });
    },
    end: () => {
      for (const { text } of open.values()) if (text !== '') give(text);
      open.clear();
    },
  };
}
