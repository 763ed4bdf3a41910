/* Which calendar, address book, task list is the default one: the choice of
 * the first listing stays, whatever is made beside it. A phone would else lose
 * a folder and get it anew, and could never remove what it made. */
#ifndef GATEWAY_DEFAULT_FOLDERS_H
#define GATEWAY_DEFAULT_FOLDERS_H

#include "gateway/accounts/account.h"

/* Changes the types in a listing of that source. Not where the server itself
 * names a default, nor for one that is gone or may only be read by now. */
bool default_folders_keep(struct account *a, struct span source,
			  struct folder *v, size_t n, struct err *e);

#endif
