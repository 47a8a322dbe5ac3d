"""Files in other formats out of the database's texts and the originals: PDF, XML, office, Parquet.

Runs in the export process alone, with native code and hostile bytes: each image by itself, each
library loaded with the first file that needs it. May import `decoding`.
"""
