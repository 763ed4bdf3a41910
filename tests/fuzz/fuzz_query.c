/* Any query: no crash, and a DeviceId that is accepted is a tame one. */
#include <stdlib.h>
#include <string.h>

#include "gateway/http/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct query q;

	if (query_read(a, span_from(data, size), "14.1", "0", "T", &q, NULL) &&
	    (strlen(q.device_id) == 0 ||
	     strlen(q.device_id) > DEVICE_ID_MAX ||
	     strpbrk(q.device_id, "/. \\%\n") != NULL))
		abort();
	arena_free(&a);
	return 0;
}
