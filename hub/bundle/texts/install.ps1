# Installs baove's agent on this PC, silently: install.cmd for those who distribute software by PowerShell.
# Ends with 0: it runs, or ran already; 1: the new version did not start and the one before runs again; 2: refused.
param([string]$Hub, [string]$Join, [string]$Data, [switch]$NoStart)
$words = @()
if ($Hub) { $words += '/hub', $Hub }
if ($Join) { $words += '/join', $Join }
if ($Data) { $words += '/data', $Data }
if ($NoStart) { $words += '/nostart' }
& "$PSScriptRoot\install.cmd" @words
exit $LASTEXITCODE
