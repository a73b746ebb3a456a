#!/bin/sh
# Follow the list of an area: the full list once, from then on what has changed. Run it every day.
#
#     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... sh follow_list.sh 1212
#
# What is fetched is kept as 1212-v1.zip, 1212-v2.zip and so on; 1212.version says which is the last.
set -eu

area=$1
since=$(cat "$area.version" 2>/dev/null || echo 0)
if ! curl --silent --show-error --fail-with-body "$QUIETLINE_URL/api/v1/lists/$area/flat?since=$since" \
    --header "Authorization: Bearer $QUIETLINE_KEY" --dump-header "$area.headers" --output "$area.part"; then
    cat "$area.part" >&2 # code and detail say why: list.from where there is nothing newer than what you have
    rm -f "$area.part" "$area.headers"
    exit 1
fi
version=$(tr -d '\r' <"$area.headers" | sed -n 's/^[Qq]uietline-[Ll]ist-[Vv]ersion: //p')
mv "$area.part" "$area-v$version.zip"
rm "$area.headers"
echo "$version" >"$area.version"
echo "version $version"
