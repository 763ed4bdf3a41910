/* Between photo.c, photo_head.c and photo_png.c. */
#ifndef TRANSLATE_PHOTO_PRIVATE_H
#define TRANSLATE_PHOTO_PRIVATE_H

#include "translate/contacts/photo.h"

struct photo_head {
	enum photo_kind kind;
	unsigned width, height; /* promised */
	unsigned passes;        /* over all pixels; JPEG */
	unsigned turn;          /* EXIF orientation, 1 to 8 */
	struct span comment;    /* first JPEG comment */
};
/* False if it is no single still image, as far as its header says. */
bool photo_head_read(struct span image, struct photo_head *out);
/* A PNG without its accessories. False: not whole. */
bool photo_png_plain(struct arena *a, struct span image, struct span *out);

/* photo_cache.c: copies made before. *out is empty if the original makes
 * none. */
void photo_cache_key(struct span image, size_t max, uint8_t out[16]);
bool photo_cache_get(struct arena *a, const uint8_t key[16], struct span *out);
void photo_cache_put(const uint8_t key[16], struct span copy);

#endif
