/* Where notes live: the setting `notes` of mailboxes. */
#include <string.h>
#include <strings.h>

#include "gateway/config/config_values_private.h"

/* NULL: auto, "": none. */
void
set_notes(struct reader *rd, const struct setting *s, void *target,
	  const char *v)
{
	const char **out = slot(s, target);

	if (strcmp(v, "auto") == 0)
		*out = NULL;
	else if (strcmp(v, "off") == 0)
		*out = "";
	else if (strcasecmp(v, "INBOX") == 0)
		reader_say(rd, "\"%s\" is auto, off or a mailbox of its own, "
			   "not the inbox", s->name);
	else
		setting_text(rd, s, target, v);
}

void
notes_check(struct reader *rd, const struct user_raw *raw)
{
	const char *first = NULL;
	size_t i;

	for (i = 0; i < raw->n_sources; i++) {
		const struct source_raw *m = &raw->sources[i];

		if (m->source.kind != SOURCE_MAIL || m->source.notes == NULL ||
		    m->source.notes[0] == '\0')
			continue;
		if (first != NULL) {
			rd->line = m->line;
			reader_say(rd, "\"notes\" names a mailbox in [mail] "
				   "section %s already: phones show one Notes "
				   "folder", first);
		}
		first = m->source.name;
	}
}
