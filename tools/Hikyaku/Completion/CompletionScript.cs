using System.CommandLine;

namespace Hikyaku.CommandLine.Completion;

/// <summary><c>hikyaku completion bash|zsh</c>: the lines by which a shell completes commands. The words come from the program itself (its directive <c>[suggest]</c>).</summary>
internal static class CompletionScript
{
    // The line without the program's name, as the shell may know the program by another.
    private const string Bash = """
        _hikyaku() {
            local line="${COMP_LINE#"${COMP_WORDS[0]}"}" word
            local position=$((COMP_POINT - ${#COMP_WORDS[0]} - 1))
            COMPREPLY=()
            while IFS= read -r word; do
                [[ $word != "${COMP_WORDS[COMP_CWORD]}"* ]] || COMPREPLY+=("$word")
            done < <("${COMP_WORDS[0]}" "[suggest:$position]" "${line# }" 2>/dev/null)
        }
        complete -F _hikyaku hikyaku
        """;

    private const string Zsh = $"""
        autoload -Uz bashcompinit && bashcompinit
        {Bash}
        """;

    /// <summary>The command.</summary>
    public static Command Create(Surroundings surroundings)
    {
        var shell = new Argument<string>("SHELL") { Description = CommandTexts.ShellArgument };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", CommandTexts.Completion) { shell };
        command.SetAction(typed => surroundings.Out.WriteLine(typed.GetRequiredValue(shell) == "zsh" ? Zsh : Bash));
        return command;
    }
}
