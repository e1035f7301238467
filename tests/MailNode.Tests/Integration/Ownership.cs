using System.Runtime.InteropServices;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Files that Dovecot must be able to use.</summary>
internal static class Ownership
{
    private const uint Mail = 5000; // dovecot.conf

    public static void GiveToMail(string path)
    {
        if (ChangeOwner(path, Mail, Mail) != 0) throw new IOException($"{path} cannot be given away: error {Marshal.GetLastPInvokeError()}");
    }

    [DllImport("libc", EntryPoint = "chown", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int ChangeOwner(string path, uint user, uint group);
}
