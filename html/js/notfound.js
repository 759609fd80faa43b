// The page for an unknown address asks for nothing but the line about tokens in its head.
import { session } from './session.js';

session().catch(() => {});
