/** The looks of `<dpc-audio>`: those of the listening page, light and dark. */

export const ELEMENT_STYLE = `
:host {
  --card: #ffffff; --text: #1c2127; --soft: #565f6b; --line: #c3c9d1; --strong: #0b57d0; --on-strong: #ffffff;
  display: block; color: var(--text); font: 1rem/1.5 system-ui, sans-serif; color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :host {
    --card: #1e2329; --text: #e7eaee; --soft: #a9b2bd; --line: #444d58; --strong: #8ab4f8; --on-strong: #10151c;
  }
}
:host([hidden]) { display: none; }
.player {
  display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; gap: 0.25rem 0.75rem;
  padding: 0.75rem; border: 1px solid var(--line); border-radius: 0.75rem; background: var(--card);
}
.title { grid-column: 1 / -1; font-weight: 600; overflow-wrap: anywhere; }
.title:empty, .message:empty { display: none; }
button {
  min-width: 5.75rem; min-height: 2.75rem; padding: 0.4rem 0.9rem; border: 1px solid var(--strong); border-radius: 0.5rem;
  background: var(--strong); color: var(--on-strong); font: inherit; font-weight: 600; cursor: pointer;
}
input { width: 100%; min-height: 2.75rem; margin: 0; accent-color: var(--strong); }
button:disabled, input:disabled { opacity: 0.5; cursor: default; }
.time { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.message { grid-column: 1 / -1; }
:focus-visible { outline: 3px solid var(--strong); outline-offset: 2px; }
`;
