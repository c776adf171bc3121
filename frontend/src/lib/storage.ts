/** Choices that outlast the page, where the browser lets them. */

export function recalled<T>(key: string): Partial<T> {
  try {
    const value = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<T> | null;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {}; // no storage in this page, or not ours
  }
}

export function remembered(key: string, value: object): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No storage in this page: the choice lasts as long as the page.
  }
}
