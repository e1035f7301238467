using System.Text;

namespace Hikyaku.Copier;

/// <summary>What a folder is for (RFC 6154).</summary>
internal enum FolderRole
{
    None,
    Inbox,
    Drafts,
    Sent,
    Trash,
    Junk,
    Archive,

    /// <summary>All mail of the mailbox once more: Gmail's All Mail.</summary>
    All,

    /// <summary>A view of mail that is in other folders: starred, important.</summary>
    View,
}

/// <summary>
/// The names by which mail programs and servers make their folders where the server does not say what a folder is for: of the programs
/// that are used in Japan, of Outlook, Thunderbird, Apple Mail and Gmail, in the languages that they are most used in.
/// </summary>
internal static class RoleNames
{
    private static readonly Dictionary<string, FolderRole> Roles = new[]
    {
        (FolderRole.Sent,
            "Sent;Sent Items;Sent Mail;Sent Messages;Sent-mail;送信済みトレイ;送信済み;送信済みアイテム;送信済みメール;送信済みメッセージ;送信箱;送信控え;"
            + "已发送;已发送邮件;已发送消息;已傳送;寄件備份;已傳送的郵件;보낸 편지함;보낸편지함;보낸 메일함;Gesendet;Gesendete Elemente;Gesendete Objekte;Gesendete Nachrichten;"
            + "Envoyés;Éléments envoyés;Objets envoyés;Messages envoyés;Enviados;Elementos enviados;Mensajes enviados;Itens enviados;E-mails enviados;Inviata;Posta inviata;"
            + "Elementi inviati;Verzonden;Verzonden items;Verzonden berichten;Skickat;Skickade objekt;Sendt;Sendte elementer;Lähetetyt;Wysłane;Elementy wysłane;"
            + "Отправленные;Надіслані;Odeslané;Odeslaná pošta;Elküldött;Elküldött elemek;Gönderilmiş Öğeler;Gönderilmiş Postalar;Đã gửi;จดหมายที่ส่ง"),
        (FolderRole.Drafts,
            "Drafts;Draft;下書き;下書き箱;草稿;草稿箱;草稿匣;임시 보관함;임시보관함;Entwürfe;Brouillons;Borradores;Rascunhos;Bozze;Concepten;Utkast;Kladder;Luonnokset;"
            + "Wersje robocze;Kopie robocze;Черновики;Чернетки;Koncepty;Rozepsané;Piszkozatok;Taslaklar;Thư nháp;จดหมายร่าง"),
        (FolderRole.Trash,
            "Trash;Deleted;Deleted Items;Deleted Messages;Bin;Wastebasket;ごみ箱;ゴミ箱;削除済みアイテム;削除済みトレイ;削除済みメール;削除済みメッセージ;已删除;已删除邮件;已删除消息;垃圾桶;"
            + "刪除的郵件;지운 편지함;휴지통;Papierkorb;Gelöscht;Gelöschte Elemente;Gelöschte Objekte;Corbeille;Éléments supprimés;Papelera;Elementos eliminados;Lixeira;Lixo;"
            + "Itens excluídos;Cestino;Posta eliminata;Prullenbak;Verwijderde items;Papperskorgen;Borttaget;Papirkurv;Slettet post;Slettede elementer;Roskakori;Kosz;"
            + "Elementy usunięte;Корзина;Удаленные;Удалённые;Видалені;Koš;Odstraněná pošta;Törölt elemek;Çöp Kutusu;Silinmiş Öğeler;Thùng rác;ถังขยะ"),
        (FolderRole.Junk,
            "Junk;Junk E-mail;Junk Email;Junk Mail;Spam;Bulk;Bulk Mail;迷惑メール;迷惑メールフォルダ;迷惑メールフォルダー;スパム;垃圾邮件;垃圾郵件;스팸 편지함;스팸메일함;스팸함;정크 메일;Junk-E-Mail;"
            + "Unerwünscht;Courrier indésirable;Indésirables;Pourriel;Correo no deseado;Correo basura;Lixo Eletrônico;Lixo eletrónico;Posta indesiderata;"
            + "Ongewenste e-mail;Ongewenste reclame;Skräppost;Uønsket e-post;Uønsket mail;Søppelpost;Roskaposti;Wiadomości-śmieci;Нежелательная почта;Спам;"
            + "Nevyžádaná pošta;Levélszemét;Gereksiz;Önemsiz;Thư rác;อีเมลขยะ"),
        (FolderRole.Archive,
            "Archive;Archives;アーカイブ;存档;归档;封存;보관함;보관;Archiv;Archivé;Archivo;Archivos;Arquivo;Arquivo morto;Arquivar;Archivio;Archief;Arkiv;Arkisto;Archiwum;"
            + "Архив;Архів;Archív;Archívum;Arşiv;Lưu trữ;เก็บถาวร"),
    }.SelectMany(role => role.Item2.Split(';').Select(name => (Name: Folded(name), Role: role.Item1))).DistinctBy(r => r.Name).ToDictionary(r => r.Name, r => r.Role);

    /// <summary>The role of a folder by its name, without its parents'.</summary>
    public static FolderRole Of(string name) => Roles.GetValueOrDefault(Folded(name));

    /// <summary>Names that people take for the same are the same in this form.</summary>
    public static string Folded(string name) => Composed(name, NormalizationForm.FormKC).Trim().ToUpperInvariant();

    /// <summary>A name in a normalization form; as it is when it is no valid text.</summary>
    public static string Composed(string name, NormalizationForm form)
    {
        try
        {
            return name.Normalize(form);
        }
        catch (ArgumentException)
        {
            return name; // half a surrogate pair
        }
    }
}
