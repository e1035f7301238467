# ./dev seed: a small company to look at, made as its people would make it: through the gateway's API, by SMTP and by IMAP.
# Again it changes nothing that is there. Sourced, never run.

seed_domain=hoshi-shokai.example.jp
seed_idn=星商会.example.jp
seed_password=Hatsukoi-12ab
seed_late_jobs=()

seed() {
    [[ -f $HIKYAKU_HOME/endpoints.json ]] || fail "Run ./dev up first."
    local gateway smtp submission imaps token
    gateway=$(endpoint gateway) smtp=$(endpoint smtp) submission=$(endpoint submission) imaps=imaps://$(endpoint imaps)
    token=$(seed_token)
    seed_domains
    seed_people
    seed_mail
    seed_states
    seed_told
}

endpoint() { jq -r --arg name "$1" '.[$name]' "$HIKYAKU_HOME/endpoints.json"; }

# Passwords and tokens go by standard input: other users could read a command line.
seed_token() {
    jq -n --rawfile password "$HIKYAKU_HOME/operator-password" '{login: "operator", password: ($password | rtrimstr("\n"))}' |
        curl -fsS -H 'Content-Type: application/json' -d @- "$gateway/api/v1/sessions" | jq -r .token
}

# ask METHOD PATH [JSON]: the answer's body in $answer, its status in $status.
ask() {
    local reply
    reply=$(curl -sS -K <(printf 'header = "Authorization: Bearer %s"\n' "$token") -X "$1" -H 'Content-Type: application/json' \
        ${3:+-d "$3"} -w '\n%{http_code}' "$gateway$2") || fail "$gateway does not answer"
    answer=${reply%$'\n'*} status=${reply##*$'\n'}
}

# expect WHAT STATUS...: ends when the last answer is another.
expect() {
    [[ " ${*:2} " == *" $status "* ]] || fail "$1: $status $(jq -r '.detail // .title // .' <<<"$answer" 2>/dev/null)"
}

seed_domains() {
    local domain administrator
    for domain in "$seed_domain" "$seed_idn"; do
        ask POST /api/v1/domains "{\"name\":\"$domain\",\"maxAccounts\":50,\"maxCapacityMb\":20000,\"defaultCapacityMb\":100}"
        expect "The domain $domain" 201 409
    done
    for administrator in "tsubaki $seed_domain" "kaede $seed_idn"; do
        ask POST "/api/v1/domains/$(escaped "${administrator#* }")/administrators" "{\"login\":\"${administrator% *}\",\"password\":\"$seed_password\"}"
        # 422: the login is there, and its password is its own.
        expect "The administrator ${administrator% *}" 201 409 422
    done
}

# "name capacity comment" of everybody; the last part of the story is in seed_states.
seed_accounts() {
    cat <<'PEOPLE'
taro.hoshi 500 社長
hanako.sato 300 総務部
jiro.suzuki 200 営業部
saburo.tanaka 200 営業部 大阪
yumi.ito 200 経理部
ken.watanabe 2 容量不足の例
emi.kobayashi 100 パスワード強制変更の例
goro.kato 100 退職者 削除の例
naomi.yoshida 100 メールデータ削除の例
akira.yamada 100 未使用
support 400 お客様窓口
PEOPLE
}

seed_people() {
    local name capacity comment
    made=()
    while read -r name capacity comment; do
        # Whoever was deleted in an earlier run stays deleted.
        [[ $name != goro.kato || ! -e $HIKYAKU_HOME/seeded ]] || continue
        open_account "$seed_domain" "$name" "$capacity" "$comment"
    done < <(seed_accounts)
    open_account "$seed_idn" info 200 "日本語ドメインの窓口"
    seed_in_force "$seed_domain" support
    seed_in_force "$seed_idn" info
}

open_account() {
    ask POST "/api/v1/domains/$(escaped "$1")/accounts" \
        "$(jq -n --arg name "$2" --arg password "$seed_password" --argjson mb "$3" --arg comment "$4" '{name: $name, password: $password, capacityMb: $mb, comment: $comment}')"
    expect "The account $2@$1" 201 409
    [[ $status != 201 ]] || made+=("$2@$1")
}

seed_in_force() {
    local tenth
    for ((tenth = 0; tenth < 300; tenth++)); do
        ask GET "/api/v1/accounts/$(escaped "$2@$1")"
        [[ $(jq -r .inForce <<<"$answer") != true ]] || return 0
        sleep 0.1
    done
    fail "$2@$1 is not in force after 30 s"
}

# Only to who was opened in this run: again would mean twice.
seed_mail() {
    is_made hanako.sato && deliver tanaka@kyaku.example "hanako.sato@$seed_domain" 見積もりのお願い
    is_made support && deliver suzuki@kyaku.example "support@$seed_domain" 配送について
    is_made naomi.yoshida && deliver news@kyaku.example "naomi.yoshida@$seed_domain" お知らせ
    is_made goro.kato && deliver friend@kyaku.example "goro.kato@$seed_domain" お元気ですか
    is_made jiro.suzuki && submit taro.hoshi "jiro.suzuki@$seed_domain" 今週の会議
    is_made yumi.ito && submit jiro.suzuki "yumi.ito@$seed_domain" 交通費の精算
    is_made yumi.ito && submit yumi.ito tanaka@kyaku.example 請求書
    is_made ken.watanabe && deliver photos@kyaku.example "ken.watanabe@$seed_domain" 社員旅行の写真 1500000
    return 0
}

is_made() { [[ " ${made[*]} " == *" $1@$seed_domain "* ]]; }

# deliver FROM TO SUBJECT [BYTES]: as another provider's mail server.
deliver() {
    curl -sS "smtp://$smtp" --mail-from "$1" --mail-rcpt "$2" -T <(seed_message "$@") || fail "The message $3 for $2 was not taken"
}

# submit NAME TO SUBJECT: as a person's mail program.
submit() {
    curl -sS --ssl-reqd --cacert "$HIKYAKU_HOME/secrets/cert.pem" -K <(printf 'user = "%s:%s"\n' "$1@$seed_domain" "$seed_password") \
        "smtp://$submission" --mail-from "$1@$seed_domain" --mail-rcpt "$2" -T <(seed_message "$1@$seed_domain" "$2" "$3") ||
        fail "The message $3 of $1 was not taken"
}

seed_message() {
    printf 'From: %s\r\nTo: %s\r\nSubject: =?UTF-8?B?%s?=\r\nDate: %s\r\nMessage-ID: <%s@kyaku.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nお世話になっております。\r\n' \
        "$1" "$2" "$(printf %s "$3" | base64 -w0)" "$(date -R)" "$(openssl rand -hex 12)"
    # Lines of 72 bytes.
    [[ -z ${4:-} ]] || head -c "$(($4 / 72 * 70))" /dev/zero | tr '\0' x | fold -w 70 | sed 's/$/\r/'
}

seed_states() {
    # Less than the mailbox holds by then.
    is_made ken.watanabe && late PATCH "ken.watanabe@$seed_domain" "" '{"capacityMb":1}' 200
    is_made emi.kobayashi && late POST "emi.kobayashi@$seed_domain" /force-password-change '{"reason":"不正アクセスの疑い"}' 204
    is_made naomi.yoshida && seed_emptied naomi.yoshida
    is_made goro.kato && late DELETE "goro.kato@$seed_domain" "" "" 202
    touch "$HIKYAKU_HOME/seeded"
}

# late METHOD ADDRESS PATH JSON STATUS: what becomes of an account in the end.
late() {
    ask "$1" "/api/v1/accounts/$(escaped "$2")$3" "$4"
    expect "$1 $2$3" "$5"
    [[ $status != 202 ]] || seed_late_jobs+=("$(jq -r .id <<<"$answer")")
}

# Mail of the second in which a deletion is asked for stays (rule ACC-6), and this mail has come only just now: then once more.
seed_emptied() {
    local tries
    seed_holds "$1" 1 || fail "The mail of $1 has not come after 30 s"
    for ((tries = 0; tries < 15; tries++)); do
        late DELETE "$1@$seed_domain" /mail "" 202
        seed_ended "$(jq -r .id <<<"$answer")"
        [[ $(seed_messages "$1") != 0 ]] || return 0
    done
    fail "The mail of $1 is still there"
}

# Whether a mailbox's INBOX comes to hold so many messages.
seed_holds() {
    local tenth
    for ((tenth = 0; tenth < 300; tenth++)); do
        [[ $(seed_messages "$1") != "$2" ]] || return 0
        sleep 0.1
    done
    return 1
}

seed_messages() {
    curl -sS --cacert "$HIKYAKU_HOME/secrets/cert.pem" -K <(printf 'user = "%s:%s"\n' "$1@$seed_domain" "$seed_password") \
        "$imaps/" -X 'STATUS INBOX (MESSAGES)' | tr -dc 0-9
}

seed_ended() {
    local tenth
    for ((tenth = 0; tenth < 300; tenth++)); do
        ask GET "/api/v1/jobs/$1"
        [[ $(jq -r .state <<<"$answer") =~ ^(queued|running)$ ]] || return 0
        sleep 0.1
    done
    fail "The job $1 has not ended after 30 s"
}

seed_told() {
    local name capacity comment job
    echo "administrators      tsubaki ($seed_domain), kaede ($seed_idn)"
    while read -r name capacity comment; do
        printf '%-19s %s@%s\n' "$comment" "$name" "$seed_domain"
    done < <(seed_accounts)
    printf '%-19s %s@%s\n' "日本語ドメイン" info "$seed_idn"
    for job in ${seed_late_jobs[@]+"${seed_late_jobs[@]}"}; do
        echo "job                 $gateway/api/v1/jobs/$job"
    done
    printf 'password            %s\n%s accounts are new\n' "$seed_password" "${#made[@]}"
}

escaped() { jq -rn --arg text "$1" '$text | @uri'; }
