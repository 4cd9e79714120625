#!/usr/bin/env node
// Is there and does nothing, ten times a second, as a daemon that waits for somebody does.
setInterval(() => {}, 100);
