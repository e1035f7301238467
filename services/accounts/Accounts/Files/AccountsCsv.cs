using System.Text;
using CsvHelper;
using Hikyaku.Accounts.MailAccounts;

namespace Hikyaku.Accounts.Files;

/// <summary>An account as an export shows it.</summary>
/// <param name="Address">Lower case, domain in A-labels.</param>
/// <param name="Comment">Null when there is none.</param>
/// <param name="UsedBytes">What its mailbox takes.</param>
/// <param name="CapacityMb">In MB of 1,048,576 bytes.</param>
/// <param name="PasswordForciblyChanged">Whether nobody knows its password (ACC-8).</param>
/// <param name="Forwarding">Whether its mail is forwarded.</param>
/// <param name="Autoreply">Whether senders get a reply.</param>
/// <param name="Reception">Whether new mail is stored.</param>
/// <param name="TagSubject">Whether the subject of spam is marked.</param>
/// <param name="SortToJunk">Whether spam is filed into Junk.</param>
/// <param name="Restriction">The topmost restriction that holds (RST-1); null: none.</param>
public sealed record ExportedAccount(
    string Address, string? Comment, long UsedBytes, int CapacityMb, bool PasswordForciblyChanged, bool Forwarding = false, bool Autoreply = false, bool Reception = true,
    bool TagSubject = false, bool SortToJunk = false, string? Restriction = null);

/// <summary>Writes accounts as the file of ACC-11: CRLF, UTF-8 with a byte order mark or CP932, nothing that a spreadsheet would run.</summary>
public static class AccountsCsv
{
    /// <summary>Writes them as they come.</summary>
    /// <param name="to">The file; it stays open.</param>
    /// <param name="accounts">The accounts.</param>
    /// <param name="cp932">Whether in CP932, which must have every character.</param>
    /// <param name="all">Whether with the columns beyond the manual's.</param>
    /// <param name="stop">Stops it.</param>
    public static async Task WriteAsync(Stream to, IAsyncEnumerable<ExportedAccount> accounts, bool cp932, bool all, CancellationToken stop)
    {
        await using var text = new StreamWriter(to, cp932 ? CsvText.Cp932 : new UTF8Encoding(encoderShouldEmitUTF8Identifier: true), bufferSize: 32_768, leaveOpen: true);
        await using var csv = CsvWriter.Create(text, new CsvWriterOptions(), leaveOpen: true);
        foreach (var column in all ? CsvColumns.Exported.Concat(CsvColumns.ExportedToo) : CsvColumns.Exported) csv.WriteField(column);
        await csv.EndRecordAsync(stop);
        await foreach (var account in accounts.WithCancellation(stop))
        {
            WriteFields(csv, account, all);
            await csv.EndRecordAsync(stop);
        }
    }

    private static void WriteFields(CsvWriter csv, ExportedAccount account, bool all)
    {
        csv.WriteField(account.Address[..account.Address.LastIndexOf('@')]);
        csv.WriteField(""); // nobody knows the password
        csv.WriteField(account.Comment is null ? "" : CsvCell.Guard(account.Comment));
        csv.WriteField(MailAccountView.UsedMbOf(account.UsedBytes));
        csv.WriteField(account.TagSubject ? 1 : 0);
        csv.WriteField(account.Forwarding ? 1 : 0);
        csv.WriteField(account.Autoreply ? 1 : 0);
        csv.WriteField(account.Reception ? 1 : 0);
        csv.WriteField(account.CapacityMb);
        if (!all) return;
        csv.WriteField(account.SortToJunk ? 1 : 0);
        csv.WriteField(account.Restriction ?? (account.PasswordForciblyChanged ? "password-forcibly-changed" : "normal"));
        csv.WriteField(account.PasswordForciblyChanged ? 1 : 0);
    }
}
