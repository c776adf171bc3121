/** The entry for a page of our own. */
import { render } from './index.ts';

render();
