/* OPTIONS: what we speak (MS-ASHTTP 2.2.3). */
#include "gateway/commands/commands.h"
#include "gateway/http/dispatch.h"

void
options_answer(struct exchange *x)
{
	struct arena *a = arena_new();
	const struct http_header h[] = {
		{ "MS-ASProtocolVersions", dispatch_versions(a) },
		{ "MS-ASProtocolCommands", dispatch_commands(a) },
		{ "MS-Server-ActiveSync", "15.1" },
		/* Without it Nine stays at its lowest version. */
		{ "X-AspNet-Version", "4.0.30319" },
		{ "Allow", "OPTIONS,POST" },
		{ "Public", "OPTIONS,POST" },
		{ "Cache-Control", "private" },
	};

	exchange_answer(x, 200, h, sizeof(h) / sizeof(h[0]), NULL);
	arena_free(&a);
}
