/* Photos of contacts: what they are, and small copies of them for phones.
 * Images come from outside: nothing is decoded before its header promises
 * bounded work, and one image is decoded at a time in the whole process. */
#ifndef TRANSLATE_PHOTO_H
#define TRANSLATE_PHOTO_H

#include "base/arena.h"

#define MAX_PHOTO_BYTES (12u << 20)
/* 4 bytes each while they are decoded, twice; a progressive JPEG 6 more. */
#define MAX_PHOTO_PIXELS (24u << 20)
/* Pixels times passes over them: progressive JPEGs may have a thousand. */
#define MAX_PHOTO_WORK (16ull * MAX_PHOTO_PIXELS)
/* Shown as it is if it fits and promises no more than this a side. */
#define MAX_PHOTO_SIDE 2048
#define MAX_PHOTO_CACHE (32u << 20)
#define SCALED_PHOTO_SIDE 720

enum photo_kind { PHOTO_UNKNOWN, PHOTO_JPEG, PHOTO_PNG, PHOTO_GIF, PHOTO_WEBP };

/* By its first bytes, not by what it is called. */
enum photo_kind photo_kind(struct span image);

/* For a phone: of at most max bytes. A small JPEG or PNG stays as it is; all
 * else becomes a JPEG, upright (EXIF), on white, with a mark inside (see
 * photo_is_copy). False for what is broken, animated, huge or of another
 * kind. */
bool photo_shown(struct arena *a, struct span image, size_t max,
		 struct span *out);
/* False: photo_shown will fail, as far as the header says. */
bool photo_can_show(struct span image, size_t max);
/* Does it carry the mark of a scaled copy: not to be taken for a photo of
 * the user's own. *of_it: a copy of this very original. */
bool photo_is_copy(struct span image, struct span original, bool *of_it);

/* Copies are kept in memory, for all users: what was scaled so far, how often
 * it was there already, and bytes kept, at most MAX_PHOTO_CACHE. */
struct photo_stats {
	uint64_t made, hits, bytes;
};
struct photo_stats photo_stats(void);
void photo_forget(void);

#endif
