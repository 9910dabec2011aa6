/**
 * A browser that runs without a locale (LANG=C) calls its language "en-US@posix", which Intl refuses and uPlot asks Intl about as it is
 * loaded: the page would stay empty. To be imported before everything else.
 */
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}
