/** Hands a text to the browser as a file to be saved. */
export function downloadText(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; what it reads is its own.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
