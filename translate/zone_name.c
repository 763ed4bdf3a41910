#include "translate/zone_name.h"

#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

const char *
zone_from_windows(struct arena *a, const char *name)
{
	UErrorCode rc = U_ZERO_ERROR;
	UChar win[128], id[128];
	char out[128];
	int32_t n;

	if (strlen(name) > 100)
		return NULL;
	u_strFromUTF8(win, 128, NULL, name, -1, &rc);
	n = ucal_getTimeZoneIDForWindowsID(win, -1, NULL, id, 127, &rc);
	if (U_FAILURE(rc) || n <= 0)
		return NULL;
	id[n] = 0;
	u_strToUTF8(out, sizeof(out), NULL, id, n, &rc);
	return U_FAILURE(rc) ? NULL : arena_printf(a, "%s", out);
}

const char *
zone_to_windows(struct arena *a, const char *iana)
{
	UErrorCode rc = U_ZERO_ERROR;
	UChar id[128], win[128];
	char out[128];
	int32_t n;

	if (strlen(iana) > 100)
		return NULL;
	u_strFromUTF8(id, 128, NULL, iana, -1, &rc);
	n = ucal_getWindowsTimeZoneID(id, -1, win, 127, &rc);
	if (U_FAILURE(rc) || n <= 0)
		return NULL;
	win[n] = 0;
	u_strToUTF8(out, sizeof(out), NULL, win, n, &rc);
	return U_FAILURE(rc) ? NULL : arena_printf(a, "%s", out);
}
