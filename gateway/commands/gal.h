/* What Search and Find have in common when they look into the address books,
 * and photos, which ResolveRecipients shows as well. */
#ifndef GATEWAY_GAL_H
#define GATEWAY_GAL_H

#include "gateway/directory/directory.h"
#include "gateway/http/request.h"

#define GAL_RANGE 100         /* MS-ASCMD_R3735: 0-99, and no more */
#define MAX_GAL_PICTURE 102400 /* MS-ASCMD_R3309 */

/* The Picture element of the options (14.1 on), and how many were given. */
struct picture_wish {
	bool wanted;
	uint32_t max_size, max, given;
	int64_t until_ms; /* big ones are scaled until then */
};
/* The tags are those of the command's namespace. False: out of range. */
bool picture_wish_read(const struct request *r,
		       const struct wbxml_node *options, wbxml_tag picture,
		       wbxml_tag max_size, wbxml_tag max_pictures,
		       struct picture_wish *out);
/* Picture with Status (1, 173, 174, 175) and Data, if it is wished for. */
struct picture_tags {
	wbxml_tag picture, status, data;
};
void picture_write(struct request *r, struct dir_view *v,
		   const struct dir_hit *hit, struct picture_wish *wish,
		   const struct picture_tags *tags);

/* "m-n" with 0 <= m <= n; an empty text leaves what is there. */
bool range_read(struct span text, uint32_t *first, uint32_t *last);

struct gal_search {
	struct dir_view *view;
	struct dir_hit *hits; /* best first ... */
	size_t n;
	size_t from, end;     /* ... of which these are shown, by name */
	bool past;            /* more was asked for than there can be */
};
/* 1 or the Store's Status (MS-ASCMD 2.2.3.177.13). */
unsigned gal_search(struct request *r, struct span query, uint32_t first,
		    uint32_t last, struct gal_search *out);
/* Children of Properties. */
void gal_write_entry(struct request *r, struct gal_search *s,
		     const struct dir_hit *hit, struct picture_wish *wish);

#endif
