"""Texts to take away: what is exported, in which formats, under which names.

web_service, ocrctl and ocr_service's export process share this package, so that an export is the
same wherever it is made. Standard library only: the formats that need more are `exporting`'s.

    selection → records → light        txt, json, jsonl, csv, md
                        → frames       from the process that makes the other formats
                                → zips one file of many, as it is sent
"""
