/** The colours of every page of ours as CSS variables, light and dark: readable by WCAG AA on `--sheet` and on `--ground`. */
export const pageColours = `:root { color-scheme: light dark;
  --ground: #f7f7f5; --sheet: #ffffff; --ink: #1b1d21; --soft: #5d636d; --line: #dfe1e4; --track: #eceef0;
  --good: #14703e; --good-ground: #e3f3e9; --bad: #b3261e; --bad-ground: #fbe6e4; --open: #8a5a00; --open-ground: #fbf0d9;
  --drill: #2d4f8f; --real: #9a1c14; --a: #3f6fb5; --b: #7a63b8; --c: #2b8a8a; --d: #b98a2f; --e: #b0557d; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #141619; --sheet: #1b1e22; --ink: #e8eaed; --soft: #9aa1ab; --line: #30353c; --track: #282d33;
  --good: #6cd39a; --good-ground: #16301f; --bad: #ff8f86; --bad-ground: #3a1b19; --open: #e6b85c; --open-ground: #352a14;
  --drill: #3b62ab; --real: #ad2a20; --a: #6f9ce0; --b: #a48fe0; --c: #55b9b9; --d: #dcb261; --e: #d987ab; } }`;
