/* The calls of the driver: a mailbox as mails, or as notes. */
#include "backends/imap/imap_notes_private.h"

static bool
driver_alive(void *v, struct err *e)
{
	struct imap *s = v;

	return imap_do(s, "NOOP", e, "NOOP");
}

static bool
driver_list(void *v, struct arena *a, struct folder **v_out, size_t *n_out,
	    struct err *e)
{
	struct folder *all;
	size_t n;

	if (!imap_list(v, a, &all, &n, e) || !notes_offer(v, a, &all, &n, e))
		return false;
	*v_out = all;
	*n_out = n;
	return true;
}

static bool
driver_changes(void *v, struct span remote, struct span cursor,
	       struct arena *a, struct harvest *out, struct err *e)
{
	return remote_is_notes(remote)
		       ? notes_changes(v, remote, cursor, a, out, e)
		       : imap_changes(v, remote, cursor, a, out, e);
}

static bool
driver_inventory(void *v, struct span remote, struct arena *a,
		 struct harvest *out, struct err *e)
{
	return remote_is_notes(remote)
		       ? notes_inventory(v, remote, a, out, e)
		       : imap_inventory(v, remote, a, out, e);
}

static bool
driver_status_round(void *v, const struct span *remotes, size_t n,
		    struct arena *a, struct folder_status *out, struct err *e)
{
	struct span *boxes = arena_array(a, n + 1, sizeof(*boxes));
	size_t i;

	for (i = 0; i < n; i++)
		boxes[i] = remote_mailbox(remotes[i]);
	return imap_status_round(v, boxes, n, a, out, e);
}

const struct source_ops imap_ops = {
	.name = "imap",
	.open = imap_open,
	.close = imap_close,
	.deadline = imap_deadline,
	.alive = driver_alive,
	.list = driver_list,
	.changes = driver_changes,
	.inventory = driver_inventory,
	.notes_use = notes_use,
	.status_round = driver_status_round,
	.mail_info = imap_mail_info,
	.mail_parts = imap_mail_parts,
	.set_flags = imap_set_flags,
	.expunge = imap_expunge,
	.move = imap_move,
	.append = imap_append,
	.search = imap_search,
	.create_folder = imap_create_folder,
	.rename_folder = imap_rename_folder,
	.delete_folder = imap_delete_folder,
	.get = notes_get,
	.put = notes_put,
	.remove = notes_remove,
};
