/* Keys and values from plain C: cc main.c $(pkg-config --cflags --libs datawal) */
#include <datawal/datawal.h>
#include <stdio.h>

int main(void) {
  datawal_error error;
  datawal_store* store;
  if (datawal_store_open("born", NULL, &store, &error) != DATAWAL_OK) goto failed;
  if (datawal_store_put(store, "ada", 3, "1815", 4, DATAWAL_SYNC, &error) != DATAWAL_OK) goto failed;
  datawal_buffer year;
  int found;
  if (datawal_store_get(store, "ada", 3, &year, &found, &error) != DATAWAL_OK) goto failed;
  if (found) printf("datawal %s: %s\n", datawal_version(), year.data);
  datawal_buffer_free(&year);
  datawal_store_free(store);
  return 0;

failed:
  fprintf(stderr, "%s\n", error.message);
  datawal_store_free(store);
  return 1;
}
