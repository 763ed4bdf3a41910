/* Readers of the settings about views. */
#include <string.h>

#include "gateway/config/config_private.h"

static void *
slot(const struct setting *s, void *target)
{
	return (char *)target + s->at;
}

void
set_merge(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	bool *out = slot(s, target);

	if (strcmp(v, "inbox") == 0)
		*out = true;
	else if (strcmp(v, "none") == 0)
		*out = false;
	else
		reader_say(rd, "\"%s\" is inbox or none, not \"%s\"",
			   s->name, v);
}

void
set_views(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	static const char *const words[] = {
		[VIEW_AUTO] = "auto",
		[VIEW_MERGED] = "merged",
		[VIEW_SEPARATE] = "separate",
	};
	unsigned i;

	for (i = 0; i < 3; i++)
		if (strcmp(v, words[i]) == 0) {
			*(enum view_mode *)slot(s, target) =
				(enum view_mode)i;
			return;
		}
	reader_say(rd, "\"%s\" is auto, merged or separate, not \"%s\"",
		   s->name, v);
}
