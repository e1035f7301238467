using System.Text;

namespace Hikyaku.Accounts.Files;

/// <summary>
/// The files that people begin with: the header, and one row to write over, in UTF-8 with a byte order mark and CRLF, as Excel
/// wants them. The row has no password, so that nobody registers it by accident.
/// </summary>
public static class SampleFiles
{
    /// <summary><c>GET /api/v1/samples/mail-accounts-sample.csv</c>: for a registration (ACC-9).</summary>
    public static IResult Registration() => File("mail-accounts-sample.csv", "mail_account,password,mail_capacity,comment\r\ntaro,,1024,営業部 山田太郎\r\n");

    /// <summary><c>GET /api/v1/samples/mail-password-sample.csv</c>: for a change (ACC-10).</summary>
    public static IResult Change() => File("mail-password-sample.csv", "mail_account,password,mail_capacity\r\ntaro,,2048\r\n");

    private static IResult File(string name, string text)
        => Results.File([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)], "text/csv; charset=utf-8", name);
}
