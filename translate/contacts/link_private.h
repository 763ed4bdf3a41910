/* Between the files of link.h and link_show.h. */
#ifndef TRANSLATE_LINK_PRIVATE_H
#define TRANSLATE_LINK_PRIVATE_H

#include "translate/contacts/contact_private.h"
#include "translate/contacts/link.h"

/* The name of a card that was read. */
void link_name_of(struct arena *a, const struct contact *k,
		  struct link_name *out);

#endif
