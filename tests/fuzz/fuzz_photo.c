/* Images of any shape through what shows them to phones. What is shown must
 * fit, and a copy must know its original. */
#include <stdlib.h>

#include "translate/contacts/photo.h"

#define MOST 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct span image = span_from(data, size), out;
	bool of_it;

	if (photo_shown(a, image, MOST, &out)) {
		if (out.n > MOST || !photo_can_show(image, MOST))
			abort();
		if (out.p != image.p &&
		    !(photo_is_copy(out, image, &of_it) && of_it))
			abort();
	}
	photo_is_copy(image, image, &of_it);
	arena_free(&a);
	return 0;
}
