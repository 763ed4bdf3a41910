/* CardDAV and CalDAV as a source: what the driver promises beyond
 * backends/sources.h, and what of the outside world it knows.
 *
 * Names. A collection is named by its path if it lies at the host of the
 * configured address, else by its whole URL (iCloud); a calendar's name ends
 * in "#VEVENT", "#VTODO" or "#VJOURNAL". An object is named by its path. Paths
 * have one spelling (dav_url.c): servers write "@" or "%40", "%2f" or "%2F",
 * absolute or relative, and not always what they wrote before. Nothing else
 * is needed to work on a collection: discovery is for source_list,
 * source_create_coll and source_free_busy alone, and is remembered for an
 * hour.
 *
 * Login. source_open asks nothing; each call tells of a refused login by
 * ERR_DENIED/SCOPE_ACCOUNT. Basic goes along unasked over TLS; in the clear
 * the server is asked first and Digest taken if it offers it; what a server
 * wants is learned once. A token (LOGIN_BEARER) goes along as Bearer and in no
 * other shape. The password goes to the configured
 * hosts and, over TLS, to hosts of the same registered domain by the public
 * suffix list; redirects, homes and DNS that lead elsewhere are an error that
 * names the place.
 *
 * Cursors, which are also the `token` of a folder_status:
 *	"s TOKEN"  sync-token (RFC 6578): only changes are listed. While
 *	           harvest.partial is set it is the token of the next page.
 *	"c CTAG"   no sync-token: everything is listed when the CTag differs
 *	"n"        neither: everything is listed each time
 * A full listing takes the cursor first: what changes meanwhile comes again,
 * with an equal ETag. A token that is not accepted, by whatever status, gives
 * a full listing and so HARVEST_FULL; the mirror finds the difference.
 *
 * Trouble never looks like an empty listing: what is no 207 with a whole,
 * well-formed multistatus, or has nothing in it where the collection itself
 * must be, or is cut by 507 where that cannot be continued, is an error.
 * That a service is not there at all is believed only of a status that says
 * so.
 *
 * Content. What comes in a multiget gets CRLF (XML made LF of it); what comes
 * by GET is left as it is. Cards are asked for as 4.0 where the server names
 * that first, since servers convert what they keep to 3.0 unasked. PUT with a
 * strong ETag in its answer is believed; else the object is read back.
 *
 * Known of servers and providers:
 *	Baikal      Digest, without Basic, even over TLS
 *	Cyrus       405 beside its tree; no ETag for events with attendees;
 *	            unescapes "=" in listings
 *	DAViCal     no .well-known; REV added to cards (read back)
 *	GMX, Posteo sync-collection fails: full listing when the token differs
 *	Google      new objects under a name of its own (Location); reports
 *	            need the second step only; MKCALENDAR refused
 *	iCloud      homes at other hosts; the collection in multiget answers;
 *	            a bare 403 for an object it dislikes: the privileges of
 *	            the collection decide whose fault it is
 *	Nextcloud   trash bins and generated address books are left out;
 *	            weak ETags behind compressing proxies: objects are asked
 *	            for uncompressed; calendars may be read-only
 *	Radicale    DELETE gives 200; free-busy-query gives a listing; a UID
 *	            twice gives 409
 *	SOGo        tokens are seconds: asked with one second of overlap
 *	Xandikos    500 for an unknown token; 207 with 412 inside for a PUT;
 *	            hrefs with "http%3A"; a new calendar takes all kinds
 *	many        http: in hrefs behind a proxy that ends TLS; 503 with
 *	            Retry-After (waited for up to 3 s, else left alone) */
#ifndef BACKENDS_DAV_H
#define BACKENDS_DAV_H

#include "backends/driver.h"

extern const struct source_ops dav_ops;

/* object_path of sources.h. */
struct span dav_object_path(struct arena *a, struct span coll,
			    enum item_kind kind, struct span name);
/* sources_stop */
void dav_stop(int64_t mono_ms);

#endif
