module datawal

go 1.19
